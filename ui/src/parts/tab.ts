// Which key Tab is.

/** Whether it is Tab, forwards or backwards: with Shift, WebKitGTK says which key it was and not what it means. */
export function isTab(event: Pick<KeyboardEvent, 'key' | 'code'>): boolean {
  return event.key === 'Tab' || event.code === 'Tab';
}
