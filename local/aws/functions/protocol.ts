/** Start parameters of a function's thread. */
export interface WorkerStart {
  readonly entryFile: string;
  readonly exportName: string;
  readonly clockOffset: SharedArrayBuffer;
  readonly functionName: string;
  readonly functionArn: string;
  readonly memoryMb: number;
}

export interface Invocation {
  readonly requestId: string;
  readonly payload: string;
  readonly timeoutMs: number;
}

/** A failed invocation in Lambda's response, which Step Functions copies to `Cause`. */
export interface FunctionFailure {
  readonly errorType: string;
  readonly errorMessage: string;
  readonly trace: readonly string[];
}

export type InvocationResult =
  | { readonly ok: true; readonly payload: string }
  | { readonly ok: false; readonly failure: FunctionFailure };

/** A message of a thread: its bundle is loaded, the bundle is broken, or an invocation has ended. */
export type WorkerMessage =
  | { readonly kind: 'ready' }
  | { readonly kind: 'broken'; readonly failure: FunctionFailure }
  | { readonly kind: 'answer'; readonly result: InvocationResult };

export const failure = (errorType: string, errorMessage: string, trace: readonly string[] = []): InvocationResult => ({
  ok: false,
  failure: { errorType, errorMessage, trace },
});
