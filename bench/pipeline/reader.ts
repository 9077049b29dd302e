import pg from 'pg';

/** A connection that sees every tenant's rows, closed at the end of its block however that ends. */
export async function openReader(url: string): Promise<{ readonly client: pg.Client } & AsyncDisposable> {
  const client = new pg.Client({ connectionString: url });
  client.on('error', (error) => console.error(`the counting connection broke: ${error.message}`));
  await client.connect();
  return { client, [Symbol.asyncDispose]: () => client.end() };
}
