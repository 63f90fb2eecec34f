import { ConnectionLost, ServiceError } from './service-error.ts';

/** The properties of a call that faults match, and that the list of calls contains. */
export interface CallSite {
  readonly action: string;
  /** Name or ARN in the request. */
  readonly secretId: string | undefined;
  /** Caller: the access key id in the signature. */
  readonly caller: string | undefined;
}

export interface Fault {
  readonly kind: 'deny' | 'throttle' | 'internal' | 'reset' | 'reject';
  /** An omitted property matches every call. */
  readonly action?: string;
  readonly secretId?: string;
  readonly caller?: string;
  /** Number of matching calls that fail. Default: all. */
  readonly times?: number;
  /** Number of matching calls that pass before the first one fails. */
  readonly skip?: number;
  /** With `after`, the call takes effect but its response is lost. */
  readonly when?: 'before' | 'after';
  /** Code and message of a `reject`. The other kinds use only the message. */
  readonly code?: string;
  readonly message?: string;
}

/** Faults to inject, for tests and the sandbox. */
export class Faults {
  #armed: { readonly fault: Fault; toSkip: number; left: number }[] = [];

  add(fault: Fault): void {
    this.#armed.push({ fault, toSkip: fault.skip ?? 0, left: fault.times ?? Number.POSITIVE_INFINITY });
  }

  /** Denies an action like IAM, for all callers or for one. */
  denyAction(action: string, caller?: string): void {
    this.add({ kind: 'deny', action, ...(caller !== undefined && { caller }) });
  }

  clear(): void {
    this.#armed = [];
  }

  /** Returns the fault for this call, if any, and counts it. */
  take(site: CallSite): Fault | undefined {
    for (const armed of this.#armed) {
      if (!isMatch(armed.fault, site) || armed.left === 0) continue;
      if (armed.toSkip > 0) {
        armed.toSkip -= 1;
        continue;
      }
      armed.left -= 1;
      return armed.fault;
    }
    return undefined;
  }
}

const isMatch = (fault: Fault, site: CallSite): boolean =>
  (fault.action ?? site.action) === site.action &&
  (fault.secretId ?? site.secretId) === site.secretId &&
  (fault.caller ?? site.caller) === site.caller;

export const toError = (fault: Fault, site: CallSite, service = 'secretsmanager'): Error => {
  switch (fault.kind) {
    case 'deny': {
      const who = `User: ${site.caller ?? 'anonymous'} is not authorized to perform: ${service}:${site.action}`;
      return new ServiceError('AccessDeniedException', fault.message ?? who);
    }
    case 'throttle':
      return new ServiceError('ThrottlingException', fault.message ?? 'Rate exceeded');
    case 'internal':
      return new ServiceError('InternalServiceError', fault.message ?? 'An error occurred on the server side.', 500);
    case 'reject':
      return new ServiceError(fault.code ?? 'InvalidRequestException', fault.message ?? 'Injected.');
    case 'reset':
      return new ConnectionLost();
  }
};
