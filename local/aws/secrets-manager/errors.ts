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

export const invalidParameter = (message: string) => new ServiceError('InvalidParameterException', message);
export const invalidRequest = (message: string) => new ServiceError('InvalidRequestException', message);
export const notFound = (message: string) => new ServiceError('ResourceNotFoundException', message);
export const exists = (message: string) => new ServiceError('ResourceExistsException', message);
export const limitExceeded = (message: string) => new ServiceError('LimitExceededException', message);
export const invalidNextToken = () =>
  new ServiceError('InvalidNextTokenException', 'Pagination token is invalid for this request.');
export const markedForDeletion = () =>
  invalidRequest("You can't perform this operation on the secret because it was marked for deletion.");
