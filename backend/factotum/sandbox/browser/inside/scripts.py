"""What runs in pages: JavaScript that reads them, and that marks elements for a picture."""

EXTRACT = r"""
(root, what) => {
  const one = (text) => (text || '').replace(/\s+/g, ' ').trim();
  const cell = (c) => one(c.innerText).replace(/\|/g, '\\|');
  const table = (t) => {
    const rows = Array.from(t.rows, (r) => Array.from(r.cells, cell));
    if (!rows.length) return '';
    const wide = Math.max(...rows.map((r) => r.length));
    const line = (r) => '| ' + Array.from({length: wide}, (_, i) => r[i] ?? '').join(' | ') + ' |';
    return [line(rows[0]), line(Array(wide).fill('---')), ...rows.slice(1).map(line)].join('\n');
  };
  if (what === 'links') {
    const seen = new Map();
    for (const a of root.querySelectorAll('a[href]'))
      if (/^(https?|file|mailto):/.test(a.href) && !seen.has(a.href))
        seen.set(a.href, one(a.innerText || a.ariaLabel));
    return Array.from(seen, ([href, text]) => `[${text}](${href})`).join('\n');
  }
  if (what === 'tables')
    return Array.from(root.querySelectorAll('table'))
      .filter((t) => !t.querySelector('table')).map((t, i) => `Table ${i + 1}\n${table(t)}`).join('\n\n');
  const skip = new Set(['SCRIPT', 'STYLE', 'NOSCRIPT', 'TEMPLATE', 'SVG', 'IFRAME', 'HEAD']);
  const block = new Set(['P', 'DIV', 'SECTION', 'ARTICLE', 'MAIN', 'HEADER', 'FOOTER', 'NAV', 'ASIDE', 'FORM',
    'UL', 'OL', 'DL', 'DT', 'DD', 'FIGURE', 'FIGCAPTION', 'BLOCKQUOTE', 'DETAILS', 'SUMMARY', 'FIELDSET',
    'ADDRESS']);
  let budget = 300000;
  const inside = (node, depth) => Array.from(
    node.shadowRoot ? node.shadowRoot.childNodes : node.childNodes, (c) => walk(c, depth)).join('');
  const walk = (node, depth) => {
    if (--budget < 0 || depth > 200) return '';
    if (node.nodeType === 3) return node.data.replace(/\s+/g, ' ');
    if (node.nodeType !== 1 || skip.has(node.tagName.toUpperCase())) return '';
    if (node.checkVisibility && !node.checkVisibility()) return '';
    const tag = node.tagName, inner = () => inside(node, depth + 1);
    if (/^H[1-6]$/.test(tag)) return `\n\n${'#'.repeat(+tag[1])} ${one(inner())}\n\n`;
    if (tag === 'BR') return '\n';
    if (tag === 'HR') return '\n\n---\n\n';
    if (tag === 'PRE') return '\n\n```\n' + node.innerText.replace(/\n$/, '') + '\n```\n\n';
    if (tag === 'CODE') return '`' + node.innerText + '`';
    if (tag === 'TABLE' && !node.querySelector('table')) return `\n\n${table(node)}\n\n`;
    if (tag === 'LI') {
      const list = node.parentElement;
      const mark = list?.tagName === 'OL' ? `${Array.from(list.children).indexOf(node) + 1}. ` : '- ';
      return '\n' + mark + inner().trim().replace(/\n+/g, '\n  ');
    }
    if (tag === 'A' && /^https?:|^file:/.test(node.href)) {
      const t = one(inner());
      return t ? `[${t}](${node.href})` : '';
    }
    if (tag === 'IMG')
      return node.alt ? `![${one(node.alt)}](${/^data:/.test(node.src) ? 'data' : node.src})` : '';
    if (tag === 'STRONG' || tag === 'B') { const t = one(inner()); return t ? `**${t}**` : ''; }
    if (tag === 'INPUT' || tag === 'TEXTAREA')
      return node.type === 'hidden' || node.type === 'password' ? '' : ` ${one(node.value)} `;
    if (tag === 'SELECT') return ` ${one(node.selectedOptions[0]?.label)} `;
    if (tag === 'BUTTON') return ` ${one(inner())} `;
    return block.has(tag) ? `\n\n${inner()}\n\n` : inner();
  };
  return walk(root, 0).replace(/[ \t]+\n/g, '\n').replace(/\n[ \t]+(?![-\d ])/g, '\n')
    .replace(/\n{3,}/g, '\n\n').trim();
}
"""

MARK = r"""
(marks) => {
  const host = document.createElement('div');
  host.id = 'factotum-marks';
  host.style.cssText = 'position:fixed;inset:0;z-index:2147483647;pointer-events:none';
  const shade = host.attachShadow({mode: 'open'});
  for (const m of marks) {
    const box = document.createElement('div');
    box.style.cssText = `position:fixed;box-sizing:border-box;border:2px solid #d0104c;` +
      `left:${m.x}px;top:${m.y}px;width:${m.width}px;height:${m.height}px`;
    const tag = document.createElement('span');
    tag.textContent = m.ref;
    tag.style.cssText = 'position:absolute;left:-2px;top:-2px;background:#d0104c;color:#fff;' +
      'font:bold 11px/14px sans-serif;padding:0 3px';
    box.append(tag);
    shade.append(box);
  }
  document.documentElement.append(host);
}
"""

UNMARK = "document.getElementById('factotum-marks')?.remove()"
