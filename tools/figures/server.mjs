import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { get } from 'node:http';
import { createServer } from 'node:net';
import { join } from 'node:path';

/** Free ports on the loopback interface, held open at once so that they differ. */
async function freePorts(count) {
  const servers = Array.from({ length: count }, () => createServer().listen(0, '127.0.0.1'));
  await Promise.all(servers.map((server) => once(server, 'listening')));
  const ports = servers.map((server) => server.address().port);
  await Promise.all(servers.map((server) => new Promise((closed) => server.close(closed))));
  return ports;
}

/** The release in `directory` with its data in `data`, on private ports. */
export class Server {
  constructor(directory, data, [application, provider, resource]) {
    this.directory = directory;
    this.origin = `http://localhost:${application}`;
    this.provider = `http://localhost:${provider}`;
    this.environment = {
      PATH: process.env.PATH,
      HOME: process.env.HOME,
      CLOAKROOM__DATA_DIRECTORY: data,
      CLOAKROOM__APPLICATION__LISTEN: `127.0.0.1:${application}`,
      CLOAKROOM__APPLICATION__ORIGIN: this.origin,
      CLOAKROOM__PROVIDER__LISTEN: `127.0.0.1:${provider}`,
      CLOAKROOM__PROVIDER__ISSUER: `http://localhost:${provider}`,
      CLOAKROOM__RESOURCE__LISTEN: `127.0.0.1:${resource}`,
      CLOAKROOM__RESOURCE__ORIGIN: `http://localhost:${resource}`,
      CLOAKROOM__LOG__FILTER: 'warn',
      // As in production.
      CLOAKROOM__FLOW: 'counted',
    };
  }

  static async at(directory, data) {
    return new Server(directory, data, await freePorts(3));
  }

  /** Starts it, and gives the milliseconds until the home page was answered for the first time. */
  async start() {
    const began = performance.now();
    const options = { cwd: this.directory, env: this.environment, stdio: ['ignore', 'ignore', 'inherit'] };
    this.process = spawn(join(this.directory, 'cloakroom'), [], options);
    while (!(await answers(`${this.origin}/`))) {
      if (this.process.exitCode !== null) throw new Error(`the server ended at its start with code ${this.process.exitCode}`);
      if (performance.now() - began > 60_000) throw new Error('the server does not answer');
      await new Promise((again) => setTimeout(again, 1));
    }
    return performance.now() - began;
  }

  async stop() {
    const ended = once(this.process, 'exit');
    this.process.kill('SIGTERM');
    await ended;
  }

  /** Resident memory in megabytes (VmRSS; Linux only). */
  async memory() {
    const status = await readFile(`/proc/${this.process.pid}/status`, 'utf8');
    return Number(/^VmRSS:\s+(\d+) kB/m.exec(status)[1]) / 1000;
  }
}

function answers(url) {
  return new Promise((resolve) => {
    const request = get(url.replace('localhost', '127.0.0.1'), { agent: false, headers: { accept: 'text/html' } }, (response) => {
      response.resume().once('end', () => resolve(response.statusCode === 200));
    });
    request.once('error', () => resolve(false));
  });
}
