import type { Run } from '#shared/workflows/run.ts';
import { WORKFLOWS } from '#shared/workflows/run.ts';

/**
 * The marker that the reason of every lease ends with. It is the only handle on a lease whose answer got lost, and it says
 * who may close the lease: the run that it names, and `reap` once that run has ended.
 */
export interface Marker extends Run {
  /** Which relay, worldwide: its name, AWS account and region. */
  readonly relayId: string;
  readonly batch: number;
}

const MARKER = new RegExp(
  String.raw`\[([a-z][\w.-]*)/(${WORKFLOWS.join('|')})/([a-z][a-z0-9-]*)/([a-z][\w.-]*)/(\d+)\]\s*$`,
);

/** The reason of a lease, at most 1,000 characters: approvers and auditors read it, so it says what is going on. */
export const writeReason = (marker: Marker): string =>
  withMarker(`pam-relay delivers this credential for sync ${marker.rule}`, marker);

/** Somebody's own reason, of at most 500 characters, with the marker at its end. */
export const withMarker = (reason: string, { relayId, workflow, rule, run, batch }: Marker): string =>
  `${reason} [${relayId}/${workflow}/${rule}/${run}/${batch}]`;

/** The marker in a reason; undefined when somebody else wrote it. Pure. */
export const readMarker = (reason: string): Marker | undefined => {
  const [, relayId, name, rule, run, batch] = MARKER.exec(reason) ?? [];
  const workflow = WORKFLOWS.find((known) => known === name);
  if (relayId === undefined || workflow === undefined || rule === undefined || run === undefined) return undefined;
  return { relayId, workflow, rule, run, batch: Number(batch) };
};

export const isSameMarker = (one: Marker | undefined, other: Marker): boolean =>
  one?.relayId === other.relayId &&
  one.workflow === other.workflow &&
  one.rule === other.rule &&
  one.run === other.run &&
  one.batch === other.batch;
