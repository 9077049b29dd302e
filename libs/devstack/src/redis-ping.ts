import { createConnection } from 'node:net';

const timeoutMs = 2_000;

/** Logs in and pings, over a connection of its own. @throws when the answer is not PONG, as while data is loading. */
export function pingRedis(port: number, password: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = createConnection({ host: '127.0.0.1', port });
    let answer = '';
    const fail = (error: Error) => {
      socket.destroy();
      reject(error);
    };
    socket.setTimeout(timeoutMs, () => fail(new Error(`no answer within ${timeoutMs} ms`)));
    socket.once('error', fail);
    socket.once('close', () => reject(new Error(`answered: ${answer.trim()}`)));
    socket.on('data', (chunk) => {
      answer += chunk.toString('latin1');
      if (!answer.includes('+PONG\r\n')) {
        if (answer.includes('-')) fail(new Error(`answered: ${answer.trim()}`));
        return;
      }
      resolve();
      socket.destroy();
    });
    socket.write(`AUTH ${password}\r\nPING\r\n`);
  });
}
