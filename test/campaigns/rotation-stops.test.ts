import { checkStops } from '#test/support/stop-property.ts';

checkStops(40);
