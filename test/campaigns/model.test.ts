import { runRandomEvents } from '#test/support/model-property.ts';

runRandomEvents(80);
