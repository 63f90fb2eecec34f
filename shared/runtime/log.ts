import { Logger } from '@aws-lambda-powertools/logger';

/** The one logger of a function. Whatever it writes carries the step, and the run where there is one. */
export const logger = new Logger();
