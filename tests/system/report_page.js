// SPDX-License-Identifier: GPL-2.0-or-later
// What a report's page must be like, asked within the page. Gives a list of
// sentences, one for each thing that is wrong.
(() => {
	const wrong = [];
	const text = (e) => e.textContent.trim();

	// Somebody who hears the page finds the way by its headings.
	const levels = [...document.querySelectorAll('h1,h2,h3,h4')]
		.map((h) => Number(h.tagName[1]));
	if (levels.filter((l) => l === 1).length !== 1)
		wrong.push('there is not one h1');
	levels.forEach((l, i) => {
		if (i > 0 && l > levels[i - 1] + 1)
			wrong.push(`h${l} follows h${levels[i - 1]}`);
	});
	for (const s of document.querySelectorAll('section'))
		if (!s.querySelector('h2') || !text(s.querySelector('h2')))
			wrong.push(`section ${s.id} has no heading`);
	for (const a of document.querySelectorAll('a'))
		if (!document.querySelector(a.getAttribute('href')))
			wrong.push(`a link to ${a.getAttribute('href')} ends nowhere`);
	for (const p of document.querySelectorAll('svg'))
		if (p.getAttribute('role') !== 'img' || !p.getAttribute('aria-label'))
			wrong.push('a picture has no text');
	for (const t of document.querySelectorAll('table'))
		if ([...t.querySelectorAll('th')].some((h) => h.scope !== 'col' || !text(h)))
			wrong.push('a column has no heading');
	const ids = [...document.querySelectorAll('[id]')].map((e) => e.id);
	if (new Set(ids).size !== ids.length)
		wrong.push('an id is there twice');

	// The page itself never scrolls sideways: only tables and pictures do.
	const root = document.documentElement;
	if (root.scrollWidth > root.clientWidth)
		wrong.push(`it is ${root.scrollWidth} px wide, the window ${root.clientWidth}`);

	// WCAG 2.1, 1.4.3: contrast of text with what is behind it.
	const parse = (c) => (c.match(/[\d.]+/g) || []).map(Number);
	const light = (c) => {
		const [r, g, b] = c.map((v) => {
			v /= 255;
			return v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4;
		});
		return 0.2126 * r + 0.7152 * g + 0.0722 * b;
	};
	const behind = (e) => {
		for (; e; e = e.parentElement) {
			const c = parse(getComputedStyle(e).backgroundColor);
			if (c.length === 3 || c[3] === 1)
				return c.slice(0, 3);
		}
		return [255, 255, 255];
	};
	for (const e of document.querySelectorAll('body *')) {
		if (e.closest('svg') || !e.checkVisibility())
			continue;
		if (![...e.childNodes].some((n) => n.nodeType === 3 && n.data.trim()))
			continue;
		const a = light(parse(getComputedStyle(e).color).slice(0, 3));
		const b = light(behind(e));
		const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
		if (ratio < 4.5)
			wrong.push(`contrast ${ratio.toFixed(2)} of "${text(e).slice(0, 30)}"`);
	}

	// What others wrote is text and nothing else.
	if (document.querySelector('script,img,iframe,object,embed,link,form,b,i'))
		wrong.push('an element that nobody meant is there');
	for (const e of document.querySelectorAll('*'))
		for (const a of e.attributes)
			if (a.name.startsWith('on') || /^(src|data|srcset)$/.test(a.name) ||
			    (a.name === 'href' && !a.value.startsWith('#')))
				wrong.push(`${e.tagName} has ${a.name}`);
	if (performance.getEntriesByType('resource').length > 0)
		wrong.push('it loads something');
	return wrong;
})()
