import { definitionIn } from '#infra/definition.ts';
import { aConfig } from '#test/support/configs.ts';
import { synthesise } from '../../infra/synthesis.ts';

const SECONDS = /"(IntervalSeconds|MaxDelaySeconds)":\d+/g;
const WHOLE_PERCENT = /("ToleratedFailurePercentage":\d+)(?=[,}])/g;

const TASK_TIMEOUT = /"TimeoutSeconds":(?!86400)\d+/g;

/**
 * The synthesised sync workflow, state by state as it is deployed, but for two things: retries wait for up to a second
 * each, because the interpreter really waits; and the percentage has a decimal point, because it reads no other.
 */
export const syncDefinition = (): string =>
  JSON.stringify(definitionIn(synthesise(aConfig()).template.toJSON()))
    .replace(SECONDS, '"$1":1')
    .replace(WHOLE_PERCENT, '$1.0');

/** The same with so short a patience with its functions that a test can wait for its end. */
export const impatientDefinition = (taskSeconds: number): string =>
  syncDefinition().replace(TASK_TIMEOUT, `"TimeoutSeconds":${taskSeconds}`);
