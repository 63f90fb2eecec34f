import { createHash } from 'node:crypto';
import type { Principal } from '#shared/domain/checkout/principal.ts';
import type { RotationRequested } from '#shared/messages/messages.ts';
import type { ExecutionsOf } from '#shared/runtime/machines.ts';

/** Name of the execution of a request. An id belongs to its sender, and starts one execution. Pure. */
const requestedRun = ({ rotation, id }: RotationRequested, { kind, id: sender }: Principal): string => {
  const hash = createHash('sha256')
    .update(JSON.stringify([kind, sender, id]))
    .digest('hex')
    .slice(0, 24);
  return `${rotation}.requested-${hash}`;
};

/** Creates the action of messages that request a rotation. Repeatable. */
export const createRotationAction =
  (executionsOf: ExecutionsOf) =>
  async (message: RotationRequested, sender: Principal): Promise<void> => {
    const { type: _, rotation: rule, id: __, ...selection } = message;
    const order = { rule, trigger: 'message', ...selection };
    // The execution of an earlier message with this id keeps its order.
    await executionsOf('rotate').start(requestedRun(message, sender), JSON.stringify(order));
  };
