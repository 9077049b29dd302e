import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { describe, expect, it } from '@jest/globals';
import { chooseAddress } from '../src/address.js';

describe('chooseAddress', () => {
  it('refuses a port that another program has, and says which', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    try {
      await expect(chooseAddress({ TENON_HTTP_PORT: String(port) })).rejects.toThrow(`Port ${port} of 127.0.0.1`);
    } finally {
      server.close();
    }
  });

  it.each(['http', '-1', '65536', '8080.5'])('refuses %s', async (port) => {
    await expect(chooseAddress({ TENON_HTTP_PORT: port })).rejects.toThrow('is not a port');
  });

  it('gives an address that can be called where the host stands for all', async () => {
    const { host, url, port } = await chooseAddress({ TENON_HTTP_HOST: '0.0.0.0', TENON_HTTP_PORT: '0' });
    expect({ host, url }).toEqual({ host: '0.0.0.0', url: `http://127.0.0.1:${port}` });
    expect(port).toBeGreaterThan(0);
  });
});
