import { checkPlans } from '#test/support/wave-property.ts';

checkPlans(5000);
