// A pursuance to look around in: invented, on this computer only, removed by one button.
import { plusDays, todayOf } from '../model/day';
import type { Session } from '../model/types';
import { t } from '../words';
import { sentenceOf, enterById } from './actions';

const HEAD = 'id,parent,title,body,status,labels,due,priority';

/** Its tasks, as a list that is imported. */
function list(today: string): string {
  const rows = [
    ['1', '', t('sample.task.owner'), t('sample.body.owner'), 'doing', t('sample.label.research'), plusDays(today, 5), '2'],
    ['2', '1', t('sample.task.register'), '', 'done', t('sample.label.research'), '', ''],
    ['3', '1', t('sample.task.minutes'), '', 'open', t('sample.label.research'), plusDays(today, -2), ''],
    ['4', '', t('sample.task.evening'), t('sample.body.evening'), 'open', t('sample.label.event'), plusDays(today, 12), ''],
    ['5', '4', t('sample.task.canteen'), '', 'done', t('sample.label.event'), '', ''],
    ['6', '4', t('sample.task.leaflet'), '', 'doing', t('sample.label.event'), plusDays(today, 2), '1'],
    ['7', '4', t('sample.task.print'), '', 'open', t('sample.label.event'), plusDays(today, 6), ''],
    ['8', '', t('sample.task.photos'), '', 'open', '', today, '3'],
  ];
  return [HEAD, ...rows.map((row) => row.map((cell) => `"${cell.replaceAll('"', '""')}"`).join(','))].join('\n');
}

/** Makes it, and goes there; what went wrong, in a sentence. */
export async function lookAround(session: Session): Promise<string> {
  const made = await session.request({ kind: 'startSample', name: t('sample.name'), mission: t('sample.mission'), myName: t('sample.me') });
  if (made.reply?.kind !== 'pursuance') return sentenceOf(session, made.trouble);
  const { pursuance } = made.reply;
  const { trouble } = await session.request({ kind: 'import', pursuance, text: list(todayOf(session.now)), fields: null });
  await enterById(session, pursuance);
  return sentenceOf(session, trouble);
}

/** Removes it, with everything in it. */
export async function removeSample(session: Session): Promise<void> {
  if (session.pursuance === null) return;
  const { trouble } = await session.request({ kind: 'dropInvite', pursuance: session.pursuance });
  session.say(trouble, trouble === null ? t('sample.removed') : '');
}
