import type { Output } from '#cli/output.ts';
import { runProgram } from '#cli/program.ts';

/** An output that collects its lines, without colours. */
export const collected = (environment: NodeJS.ProcessEnv = {}) => {
  const [lines, errors]: [string[], string[]] = [[], []];
  const output: Output = {
    out: (line) => void lines.push(...line.split('\n')),
    err: (line) => void errors.push(...line.split('\n')),
    paint: (_tone, text) => text,
    columns: 80,
    environment,
  };
  return { output, lines, errors };
};

/** Runs the command in this process. */
export const run = async (...argv: readonly string[]) => {
  const { output, lines, errors } = collected();
  const code = await runProgram(argv, output);
  return { code, lines, errors };
};
