#!/usr/bin/env node
/** Verifies an export of an audit chain offline; `--help` in libs/audit/src/verify-command.ts. */
import { verifyCommand } from '../dist/verify-command.js';

process.exitCode = await verifyCommand(process.argv.slice(2), {
  out: (text) => process.stdout.write(text),
  error: (text) => process.stderr.write(text),
});
