import { readShown } from '#shared/domain/text.ts';
import type { Caught } from '#shared/workflows/run.ts';

/**
 * Formats a caught error as name and message. Lambda's `Cause` is JSON with the message; for any other `Cause` only the
 * name is used. Reverses the escaping of `showText`, because records contain unescaped text.
 */
export const messageOf = ({ Error: name, Cause }: Caught): string => {
  try {
    const { errorMessage }: { errorMessage?: unknown } = JSON.parse(Cause ?? '');
    return `${name}: ${typeof errorMessage === 'string' ? readShown(errorMessage) : 'see the execution.'}`;
  } catch {
    return `${name}: see the execution.`;
  }
};
