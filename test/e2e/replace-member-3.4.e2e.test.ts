/** A member that lost its data is replaced on etcd 3.4, through Slack, however it is configured. */
import { describeReplacement } from './replacement-suite.ts';

describeReplacement('3.4');
