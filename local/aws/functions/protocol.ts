/** What a function's thread is started with. */
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

/** A failed invocation as Lambda answers it, and as Step Functions puts it into `Cause`. */
export interface FunctionFailure {
  readonly errorType: string;
  readonly errorMessage: string;
  readonly trace: readonly string[];
}

export type InvocationResult =
  | { readonly ok: true; readonly payload: string }
  | { readonly ok: false; readonly failure: FunctionFailure };

/** What a thread says: that its bundle is loaded, that it could not be, or what became of the invocation it was given. */
export type WorkerMessage =
  | { readonly kind: 'ready' }
  | { readonly kind: 'broken'; readonly failure: FunctionFailure }
  | { readonly kind: 'answer'; readonly result: InvocationResult };

export const failure = (errorType: string, errorMessage: string, trace: readonly string[] = []): InvocationResult => ({
  ok: false,
  failure: { errorType, errorMessage, trace },
});
