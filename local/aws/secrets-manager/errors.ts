import { ServiceError } from '../service-error.ts';

export const invalidParameter = (message: string) => new ServiceError('InvalidParameterException', message);
export const invalidRequest = (message: string) => new ServiceError('InvalidRequestException', message);
export const notFound = (message: string) => new ServiceError('ResourceNotFoundException', message);
export const exists = (message: string) => new ServiceError('ResourceExistsException', message);
export const limitExceeded = (message: string) => new ServiceError('LimitExceededException', message);
export const invalidNextToken = () =>
  new ServiceError('InvalidNextTokenException', 'Pagination token is invalid for this request.');
export const markedForDeletion = () =>
  invalidRequest("You can't perform this operation on the secret because it was marked for deletion.");
