// Runs in the browser, before the page's own code: shows rich text, dates and user groups as Slack does. For eyes only; what the server holds stays as it is.
(() => {
  const drawings = new Map();
  const users = new Map();
  const escape = (text) => String(text).replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
  const clock = (seconds) => new Date(seconds * 1000).toLocaleTimeString([], { hour: '2-digit', minute: '2-digit' });

  function inline(element) {
    const style = element.style ?? {};
    const wrap = (html) =>
      `${style.bold ? '<strong>' : ''}${style.italic ? '<em>' : ''}${style.code ? '<code>' : ''}${html}${style.code ? '</code>' : ''}${style.italic ? '</em>' : ''}${style.bold ? '</strong>' : ''}`;
    if (element.type === 'text') return wrap(escape(element.text));
    if (element.type === 'emoji') return `:${element.name}:`;
    if (element.type === 'user') return `<span class="mention">@${escape(users.get(element.user_id) ?? element.user_id)}</span>`;
    if (element.type === 'date') return escape(clock(element.timestamp));
    return escape(element.text ?? '');
  }

  function draw(block) {
    return block.elements
      .map((section) => {
        const html = section.elements.map(inline).join('');
        if (section.type === 'rich_text_preformatted') return `<pre class="rich-pre">${html}</pre>`;
        return `<div class="rich-section">${html.replaceAll('\n', '<br>')}</div>`;
      })
      .join('');
  }

  function plainWords(text) {
    return text
      .replaceAll(/<!date\^(\d+)\^[^|>]*\|[^>]*>/g, (_whole, seconds) => clock(Number(seconds)))
      .replaceAll(/<!subteam\^(\w+)>/g, '@$1');
  }

  function adapted(block) {
    if (block.type === 'rich_text') {
      const key = `rt${drawings.size}`;
      drawings.set(key, draw(block));
      return { type: 'section', block_id: block.block_id, text: { type: 'mrkdwn', text: `[[${key}]]` } };
    }
    if (block.type === 'context')
      return {
        ...block,
        elements: block.elements.map((element) =>
          typeof element.text === 'string' ? { ...element, text: plainWords(element.text) } : element,
        ),
      };
    if (block.type === 'section' && block.text) return { ...block, text: { ...block.text, text: plainWords(block.text.text) } };
    return block;
  }

  const adaptMessage = (message) => (message?.blocks ? { ...message, blocks: message.blocks.map(adapted) } : message);

  function adaptEvent(text) {
    const event = JSON.parse(text);
    if (event.state?.messages) {
      for (const user of event.state.users ?? []) users.set(user.id, user.name);
      for (const [channel, messages] of Object.entries(event.state.messages)) event.state.messages[channel] = messages.map(adaptMessage);
    }
    if (event.stack) event.stack = event.stack.map(adaptMessage);
    if (event.state?.modalStack) event.state.modalStack = event.state.modalStack.map(adaptMessage);
    if (event.message) event.message = adaptMessage(event.message);
    return JSON.stringify(event);
  }

  const Native = window.WebSocket;
  window.WebSocket = class extends Native {
    set onmessage(listener) {
      super.addEventListener('message', (event) => listener({ data: adaptEvent(event.data) }));
    }
  };

  // The page draws emoji names itself, in the mrkdwn it is given: the marker is replaced after it, so names are drawn here.
  const pictures = {
    raised_hand: '✋',
    rotating_light: '🚨',
    white_check_mark: '✅',
    x: '❌',
    arrow_forward: '▶️',
    white_small_square: '▫️',
    heavy_minus_sign: '➖',
    memo: '📝',
    no_entry_sign: '🚫',
    hourglass: '⌛',
    arrows_counterclockwise: '🔄',
    octagonal_sign: '🛑',
    black_small_square: '▪️',
    double_vertical_bar: '⏸️',
    hourglass_flowing_sand: '⏳',
  };
  const marker = /\[\[(rt\d+)\]\]/;
  function redraw() {
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    const found = [];
    while (walker.nextNode()) if (marker.test(walker.currentNode.data)) found.push(walker.currentNode);
    for (const node of found) {
      const holder = node.parentElement;
      holder.innerHTML = (drawings.get(marker.exec(node.data)[1]) ?? '').replaceAll(
        /:([a-z_]+):/g,
        (whole, name) => pictures[name] ?? whole,
      );
    }
  }
  document.addEventListener('DOMContentLoaded', () => {
    const style = document.createElement('style');
    style.textContent = `.rich-pre{font:12px/1.5 "DejaVu Sans Mono",Menlo,monospace;background:#f8f8f8;border:1px solid #ddd;border-radius:4px;padding:8px;margin:4px 0;white-space:pre-wrap;overflow-wrap:anywhere}.rich-section{line-height:1.46}.mrkdwn:has(.rich-section){display:block}`;
    document.head.append(style);
    new MutationObserver(redraw).observe(document.body, { childList: true, subtree: true, characterData: true });
  });
})();
