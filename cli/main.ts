import { terminal } from './output.ts';
import { runProgram } from './program.ts';

// A reader such as `head` has seen enough. The exit code still tells the result.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
});
process.exitCode = await runProgram(process.argv.slice(2), terminal);
