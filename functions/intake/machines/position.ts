import type { SubjectOrder } from '#shared/domain/blueprint/subject.ts';
import type { MachineEvent } from './read-event.ts';

/** States in which a machine begins and ceases to be a subject. A machine that is shutting down has not ended yet. */
const ACTIONS: ReadonlyMap<string, SubjectOrder['action']> = new Map([
  ['running', 'provision'],
  ['terminated', 'deprovision'],
]);

/** Order of a state. Undefined if the state changes nothing: a stopped machine stays a subject. Pure. */
export const actionOf = ({ state }: Pick<MachineEvent, 'state'>): SubjectOrder['action'] | undefined =>
  ACTIONS.get(state);

/**
 * Position of an order among those about the same machine: later events have higher ones. EC2 gives the time in whole
 * seconds. At the same time, the end comes last, because nothing follows it. Pure.
 */
export const positionOf = ({ at, state }: Pick<MachineEvent, 'at' | 'state'>): number =>
  at * 2 + (state === 'terminated' ? 1 : 0);
