import type { Rotated, Rotation } from '#shared/connections/rotation.ts';
import { asRelayError } from '#shared/errors.ts';
import type { RotationAfter } from '#shared/records/old-checkouts-record.ts';

/** Asks for a new credential of an item whose checkout has ended. Never raises. Each call can ask once more. */
export type RotateAfter = (item: Rotated) => Promise<RotationAfter>;

/** Creates the request for rotations. `isRotating`: a rotation of the relay is changing the item. */
export const createRotateAfter =
  (rotation: Rotation | undefined, isRotating: (item: Rotated) => Promise<boolean>): RotateAfter =>
  async (item) => {
    if (rotation === undefined) {
      return { outcome: 'refused', reason: 'The vault changes no credentials of this source on request.' };
    }
    try {
      const { state, refusal } = await rotation.inspect(item);
      if (refusal !== undefined) return { outcome: 'refused', reason: refusal.message };
      if (state.changing === true) return { outcome: 'asked', reason: 'The vault was already changing it.' };
      if (await isRotating(item)) return { outcome: 'asked', reason: 'A rotation of the relay was changing it.' };
      await rotation.change(item, { queue: false });
      return { outcome: 'asked' };
    } catch (thrown) {
      const { message, mayHaveHappened } = asRelayError(thrown, `Rotating ${item.title}`);
      return { outcome: mayHaveHappened ? 'unclear' : 'refused', reason: message };
    }
  };
