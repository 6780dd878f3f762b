// What is wrong with how the page looks now: what is cut off, what is wider than its place, and what axe finds.
// Arguments: whether axe is asked (`axe`, `nothing`), and what is called with the list of complaints.
const [asked, done] = arguments;
const complaints = [];
const root = document.documentElement;
const SLACK_PIXELS = 1;

function called(element) {
  const marked = element.closest('[data-testid]');
  const of = marked === null || marked === element ? '' : ` in ${marked.dataset.testid}`;
  return `${element.tagName.toLowerCase()}${element.dataset.testid ? `[${element.dataset.testid}]` : ''}${[...element.classList].filter((name) => !name.startsWith('svelte-')).map((name) => `.${name}`).join('')}${of}`;
}

if (root.scrollWidth > root.clientWidth) complaints.push(`the page is ${root.scrollWidth - root.clientWidth} px wider than the window`);

// Whoever has to lock at once does not scroll for it first; with text of twice the size the rail is short, and a key locks.
const lock = document.querySelector('[data-testid="lock"]');
if (lock !== null && root.style.fontSize === '' && lock.getBoundingClientRect().bottom > lock.closest('nav').getBoundingClientRect().bottom) complaints.push('the lock is out of sight');

// Nothing scrolls sideways but what may: a table keeps its columns, and texts of lines keep their lines.
for (const element of document.querySelectorAll('body *')) {
  if (element.matches('.wide, textarea, input, .unseen')) continue;
  const style = getComputedStyle(element);
  if (/auto|scroll/.test(style.overflowX) && element.scrollWidth > element.clientWidth + SLACK_PIXELS) {
    const ends = [...element.querySelectorAll('*')].map((each) => [each.getBoundingClientRect().right, each]).sort((a, b) => b[0] - a[0])[0];
    complaints.push(`${called(element)} scrolls sideways, for ${ends === undefined ? 'its text' : called(ends[1])}`);
  }
}

// Every text stands within whatever cuts it off. A text that ends in an ellipsis says so; its whole is a press, or a title, away.
const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
for (let text = texts.nextNode(); text !== null; text = texts.nextNode()) {
  if (text.data.trim() === '' || text.parentElement.closest('.unseen, script, style, option, [inert]') !== null) continue;
  const range = document.createRange();
  range.selectNodeContents(text);
  const boxes = [...range.getClientRects()].filter((box) => box.width > 0 && box.height > 0);
  if (boxes.length === 0) continue;
  let [left, right, bottom] = [Math.min(...boxes.map((box) => box.left)), Math.max(...boxes.map((box) => box.right)), Math.max(...boxes.map((box) => box.bottom))];
  let scrolls = false;
  for (let around = text.parentElement; around !== null; around = around.parentElement) {
    const style = getComputedStyle(around);
    if (around.matches('.wide')) break;
    const cutsX = style.overflowX !== 'visible' || around === root;
    const cutsY = /hidden|clip/.test(style.overflowY) && !scrolls && around !== document.body && around !== root;
    const place = around === root ? { left: 0, right: root.clientWidth, bottom: Infinity } : around.getBoundingClientRect();
    const ends = style.textOverflow === 'ellipsis' || style.webkitLineClamp !== 'none';
    if (cutsX && !ends && (right > place.right + SLACK_PIXELS || left < place.left - SLACK_PIXELS)) {
      complaints.push(`“${text.data.trim().slice(0, 40)}” is cut off by ${called(around)}`);
      break;
    }
    if (cutsY && !ends && bottom > place.bottom + SLACK_PIXELS) {
      complaints.push(`“${text.data.trim().slice(0, 40)}” is cut off below by ${called(around)}`);
      break;
    }
    // From here on only what is left of it counts.
    if (ends) [left, right, bottom] = [Math.max(left, place.left), Math.min(right, place.right), Math.min(bottom, place.bottom)];
    scrolls ||= /auto|scroll/.test(style.overflowY);
  }
}

if (asked === 'nothing') { done(complaints); return; }
// One page of many: there are landmarks, and texts between them are not astray.
const rules = { rules: { region: { enabled: false } } };
window.axe.run(document, rules).then(
  (result) => done([...complaints, ...result.violations.map((each) => `axe ${each.id}: ${each.nodes.slice(0, 3).map((node) => `${node.target.join(' ')} ${node.any[0]?.message ?? ''}`).join(' | ')}`)]),
  (trouble) => done([...complaints, `axe: ${trouble}`]),
);
