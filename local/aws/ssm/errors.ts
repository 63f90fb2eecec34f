import { ServiceError } from '../service-error.ts';

export const invalid = (message: string) => new ServiceError('ValidationException', message);
export const notFound = (name: string) => new ServiceError('ParameterNotFound', `Parameter ${name} not found.`);
export const versionNotFound = (name: string, version: number) =>
  new ServiceError('ParameterVersionNotFound', `Systems Manager could not find version ${version} of ${name}.`);
export const alreadyExists = () =>
  new ServiceError(
    'ParameterAlreadyExists',
    'The parameter already exists. To overwrite this value, set the overwrite option in the request to true.',
  );
export const typeMismatch = (from: string, to: string) =>
  new ServiceError(
    'HierarchyTypeMismatchException',
    `Parameter Store does not support changing a parameter type from ${from} to ${to}.`,
  );
export const tooDeep = () =>
  new ServiceError('HierarchyLevelLimitExceededException', 'A hierarchy can have a maximum of 15 levels.');
export const invalidResource = () => new ServiceError('InvalidResourceId', 'The resource ID is not valid.');
export const tooManyTags = () => new ServiceError('TooManyTagsError', 'A parameter can have at most 50 tags.');
export const invalidNextToken = () => new ServiceError('InvalidNextToken', 'The specified token is not valid.');
