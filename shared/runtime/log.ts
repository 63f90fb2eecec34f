import { Logger } from '@aws-lambda-powertools/logger';
import { showText } from '#shared/domain/text.ts';

/**
 * The one logger of a function. Whatever it writes carries the step, and the run where there is one. Text of others is shown
 * escaped: JSON alone leaves in it what turns the direction, or what some terminals obey.
 */
export const logger = new Logger({
  jsonReplacerFn: (_key, value) => (typeof value === 'string' ? showText(value) : value),
});
