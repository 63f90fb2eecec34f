import { terminal } from './output.ts';
import { runProgram } from './program.ts';

// A reader such as `head` has seen enough.
process.stdout.on('error', ({ code }: NodeJS.ErrnoException) => process.exit(code === 'EPIPE' ? 0 : 1));
process.exitCode = await runProgram(process.argv.slice(2), terminal);
