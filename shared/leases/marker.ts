import type { Run } from '#shared/workflows/run.ts';
import { WORKFLOWS } from '#shared/workflows/run.ts';

/**
 * Marker at the end of the reason of every lease. It is the only way to find a lease whose answer was lost, and it
 * determines who may close the lease: the run that it names, and `reap` once that run has ended.
 */
export interface Marker extends Run {
  /** Identifies the relay worldwide: its name, AWS account and region. */
  readonly relayId: string;
  readonly batch: number;
}

const MARKER = new RegExp(
  String.raw`\[([a-z][\w.-]*)/(${WORKFLOWS.join('|')})/([a-z][a-z0-9-]*)/([a-z][\w.-]*)/(\d+)\]\s*$`,
);

/** Reason of a lease, at most 1,000 characters. Approvers and auditors read it. */
export const writeReason = (marker: Marker): string =>
  withMarker(`pam-relay delivers this credential for sync ${marker.rule}`, marker);

/** Appends the marker to a requester's own reason of at most 500 characters. */
export const withMarker = (reason: string, { relayId, workflow, rule, run, batch }: Marker): string =>
  `${reason} [${relayId}/${workflow}/${rule}/${run}/${batch}]`;

/** The marker in a reason; undefined if it has none. Pure. */
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
