import { spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';

/** What `npm test` may take on two idle cores. It informs: on a busy machine it takes longer, and is as good. */
const BUDGET = { wallSeconds: 120, cpuSeconds: 205 };
const RINGS = ['unit', 'contract', 'workflow', 'infra'];

/** Node knows only what it used itself; a shell knows that of all processes that it has waited for, everywhere. */
const MEASURED = '"$@"; status=$?; times >&3; exit $status';

const startedAt = performance.now();
const vitest = ['vitest', 'run', ...RINGS.flatMap((ring) => ['--project', ring]), ...process.argv.slice(2)];
const shell = spawn('sh', ['-c', MEASURED, 'sh', ...vitest], { stdio: ['inherit', 'inherit', 'inherit', 'pipe'] });
const exited = new Promise<number>((resolve) => shell.once('exit', (code) => resolve(code ?? 1)));

const { 3: pipe } = shell.stdio;
const times = pipe !== null && pipe !== undefined && 'read' in pipe ? await text(pipe) : '';
process.exitCode = await exited;

const cpuSeconds = [...times.matchAll(/(\d+)m(\d+)/g)].reduce((sum, [, m, s]) => sum + 60 * Number(m) + Number(s), 0);
const wallSeconds = Math.round((performance.now() - startedAt) / 1000);
process.stdout.write(
  `npm test: ${wallSeconds} s wall of ${BUDGET.wallSeconds}, ${cpuSeconds} CPU s of ${BUDGET.cpuSeconds}\n`,
);
