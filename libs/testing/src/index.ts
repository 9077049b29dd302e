export { buildReport } from './build-report.js';
export { exampleModule } from './example-module.js';
export { repositoryRoot } from './repository.js';
export { createTestS3, type TestS3 } from './s3/test-s3.js';
export { createTestDatabase, type TestDatabase } from './test-database.js';
export { createTestRedis, type TestRedis } from './test-redis.js';
export { type TestStack, testStack } from './test-stack.js';
export { type WaitOptions, waitFor } from './wait-for.js';
