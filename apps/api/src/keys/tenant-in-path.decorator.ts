import { ApiParam } from '@nestjs/swagger';
import { idPattern } from '@tenon/contracts';

/** The access rule reads the tenant from the path, so no handler names the parameter for the document. */
export const ApiTenantInPath = () =>
  ApiParam({ name: 'tenant', required: true, schema: { type: 'string', pattern: idPattern('tenant') } });
