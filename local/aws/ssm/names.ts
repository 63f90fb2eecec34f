import { invalid, tooDeep } from './errors.ts';

/** AWS counts the ARN before the name. */
const MAX_WITH_ARN = 1011;
const MAX_LEVELS = 15;

/** Checks the name of a new parameter. Source: user guide, "Requirements and constraints for parameter names". */
export const checkName = (name: string, arn: string): void => {
  if (!/^[a-zA-Z0-9_./-]+$/.test(name)) {
    throw invalid('Parameter name: can only contain a mix of letters, numbers and the following 3 symbols .-_');
  }
  if (name.includes('/') && !name.startsWith('/')) throw invalid('Parameter name must be a fully qualified name.');
  if (name.includes('//') || name.endsWith('/')) throw invalid('Parameter name: every sub-path needs characters.');
  if (/^\/?(aws|ssm)/i.test(name)) {
    throw invalid('Parameter name: can\'t be prefixed with "aws" or "ssm" (case-insensitive).');
  }
  if (arn.length > MAX_WITH_ARN) throw invalid(`Parameter name: at most ${MAX_WITH_ARN} characters with its ARN.`);
  if (name.split('/').length - 1 > MAX_LEVELS) throw tooDeep();
};

/** Divides `name`, `name:version` and the ARN of either. A name contains no colon. */
export const parseSelector = (text: string, arnPrefix: string): { name: string; version: number | undefined } => {
  const local = text.startsWith(arnPrefix) ? text.slice(arnPrefix.length) : text;
  const [, name = local, version] = /^(.*):(\d+)$/.exec(local) ?? [];
  return { name, version: version === undefined ? undefined : Number(version) };
};
