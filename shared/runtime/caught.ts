import { readShown } from '#shared/domain/text.ts';
import type { Caught } from '#shared/workflows/run.ts';

/**
 * Lambda's cause is a JSON text around the error's message; what is not one is told by its name alone. The message is given back
 * as it was before it was shown, as all texts of records are.
 */
export const messageOf = ({ Error: name, Cause }: Caught): string => {
  try {
    const { errorMessage }: { errorMessage?: unknown } = JSON.parse(Cause ?? '');
    return `${name}: ${typeof errorMessage === 'string' ? readShown(errorMessage) : 'see the execution.'}`;
  } catch {
    return `${name}: see the execution.`;
  }
};
