import { spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';

/**
 * Limits of `npm test` on two idle cores, whatever the relay learns to do. They are printed for comparison and not
 * enforced.
 */
const BUDGET = { wallSeconds: 180, cpuSeconds: 310 };
const RINGS = ['unit', 'contract', 'workflow', 'infra'];

/** Measures all child processes. Node reports only its own CPU time; `times` of a POSIX shell includes its children. */
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
