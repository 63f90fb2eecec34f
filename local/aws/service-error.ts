/** An error response of a service. Its code becomes `__type` and `x-amzn-errortype`. */
export class ServiceError extends Error {
  readonly code: string;
  readonly status: number;

  constructor(code: string, message: string, status = 400) {
    super(message);
    this.code = code;
    this.status = status;
  }
}

/** Raised by an injected fault: the connection breaks without a response. */
export class ConnectionLost extends Error {}
