import path from 'node:path';
import { defineConfig } from 'prisma/config';

/** For `prisma migrate` at a developer's desk and in the drift check; a running Tenon does not read this file. */
export default defineConfig({
  schema: path.join(import.meta.dirname, 'schema.prisma'),
  migrations: { path: path.join(import.meta.dirname, 'migrations') },
  datasource: { url: process.env.DATABASE_URL ?? '' },
});
