/**
 * The marker that every request's reason ends with. It is the only handle on a request whose answer got lost, and it
 * says who may give the request back: the run that it names, and `reap` once that run has ended.
 */
export interface Marker {
  /** Which relay, worldwide: its name, AWS account and region. */
  readonly relayId: string;
  /** The execution's name. */
  readonly run: string;
  readonly batch: number;
}

const MARKER = /\[([a-z][\w.-]*)\/([a-z][\w.-]*)\/(\d+)\]\s*$/;

/** The reason of a request, at most 1,000 characters: approvers and auditors read it, so it says what is going on. */
export const writeReason = (sync: string, marker: Marker): string =>
  withMarker(`pam-relay delivers this credential for sync ${sync}`, marker);

/** Somebody's own reason, of at most 500 characters, with the marker at its end. */
export const withMarker = (reason: string, { relayId, run, batch }: Marker): string =>
  `${reason} [${relayId}/${run}/${batch}]`;

/** The marker in a reason; undefined when somebody else wrote it. */
export const readMarker = (reason: string): Marker | undefined => {
  const [, relayId, run, batch] = MARKER.exec(reason) ?? [];
  return relayId === undefined || run === undefined ? undefined : { relayId, run, batch: Number(batch) };
};

export const isSameMarker = (one: Marker | undefined, other: Marker): boolean =>
  one?.relayId === other.relayId && one.run === other.run && one.batch === other.batch;
