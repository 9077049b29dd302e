import { Controller, Get } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import { problemCodes, problems, problemTableSchema } from '@tenon/contracts';
import { Public } from '../http/access.decorators.js';
import { ApiAnswer } from '../openapi/answers.decorators.js';

const table = { problems: problemCodes.map((code) => ({ code, ...problems[code] })) };

/** Where the `type` of every problem points to. */
@ApiTags('health')
@Controller('v1/problems')
export class ProblemsController {
  @Get()
  @Public()
  @ApiOperation({ summary: 'Every problem code, with its status and title' })
  @ApiAnswer(200, 'The table of codes.', problemTableSchema)
  list() {
    return table;
  }
}
