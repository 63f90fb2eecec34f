import { Logger } from '@aws-lambda-powertools/logger';
import { showText } from '#shared/domain/text.ts';

/**
 * The logger of a function. Every line has the step, and the run if there is one. Text from outside is escaped, because
 * JSON keeps bidirectional controls and some terminal control characters.
 */
export const logger = new Logger({
  jsonReplacerFn: (_key, value) => (typeof value === 'string' ? showText(value) : value),
});
