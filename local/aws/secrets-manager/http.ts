import { httpAdapter as adapt, answerRequest as answer, type Handle, type ProtocolRequest } from '../json-protocol.ts';

const TARGET = 'secretsmanager';

export const httpAdapter = (handle: Handle) => adapt(TARGET, handle);

export const answerRequest = (handle: Handle, request: ProtocolRequest) => answer(TARGET, handle, request);
