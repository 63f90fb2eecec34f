/** An error response of the Step Functions API. */
export class ApiFault extends Error {
  constructor(name: string, message: string) {
    super(message);
    this.name = name;
  }
}

/** A state's failure, with the name that `Retry` and `Catch` compare. */
export class StateFailure extends Error {
  readonly isRetryable: boolean;
  readonly isCatchable: boolean;

  constructor(name: string, message: string, { final = false }: { final?: boolean } = {}) {
    super(message);
    this.name = name;
    this.isRetryable = !final;
    this.isCatchable = !final;
  }
}

/** Step Functions' limit for the input and for the output of a state, in bytes. */
const STATE_LIMIT = 262_144;

/** Ends the whole execution. It cannot be caught. */
export const dataLimitExceeded = (where: string): StateFailure =>
  new StateFailure('States.DataLimitExceeded', `${where} exceeds the limit of ${STATE_LIMIT} bytes.`, { final: true });

export const fitsState = (json: string): boolean => Buffer.byteLength(json) <= STATE_LIMIT;
