// Draws the routes of /api-docs/openapi.json, each with a form to try it. Text is only ever set as text.
const tokenKey = 'spinscope.token'
// A reverse proxy may have put the server below a path: all is asked for relative to this file.
const root = new URL('..', import.meta.url).href.replace(/\/$/, '')

function element(tag, props = {}, ...children) {
  const node = Object.assign(document.createElement(tag), props)
  node.append(...children)
  return node
}

function headers() {
  const token = sessionStorage.getItem(tokenKey)
  return token ? { Authorization: `Bearer ${token}` } : {}
}

function typeName(schema) {
  if (!schema) return ''
  if (schema.$ref) return schema.$ref.split('/').pop()
  if (schema.enum) return schema.enum.join(' | ')
  if (schema.type === 'array') return `${typeName(schema.items)}[]`
  if (schema.oneOf) return schema.oneOf.map(typeName).join(' | ')
  return [schema.type].flat().filter(Boolean).join(' | ')
}

function fieldTable(spec, schema) {
  const resolve = (s) => (s?.$ref ? spec.components.schemas[s.$ref.split('/').pop()] : s)
  const data = resolve(resolve(schema)?.properties?.data)
  const rows = Object.entries(data?.properties ?? {}).map(([name, field]) =>
    element('tr', {}, element('td', {}, element('code', { textContent: name })), element('td', { textContent: typeName(field) }), element('td', { textContent: field.description ?? '' })),
  )
  return rows.length ? element('table', {}, element('tr', {}, element('th', { textContent: 'data' }), element('th', { textContent: 'type' }), element('th')), ...rows) : ''
}

function tryForm(method, path, operation) {
  const inputs = (operation.parameters ?? []).map((p) => {
    const choices = p.schema?.enum
    const input = choices
      ? element('select', {}, ...(p.required ? [] : [element('option', { value: '', textContent: '' })]), ...choices.map((c) => element('option', { value: c, textContent: c })))
      : element('input', { placeholder: p.schema?.default ?? '', size: 46 })
    return { p, input }
  })
  const body = operation.requestBody ? element('textarea', { rows: 3, value: '{"mints": [""]}' }) : null
  const result = element('pre', { hidden: true })
  const rows = inputs.map(({ p, input }) =>
    element('tr', {}, element('td', {}, element('code', { textContent: p.name }), p.required ? element('span', { className: 'need', textContent: ' *' }) : ''), element('td', {}, input), element('td', { textContent: p.description || typeName(p.schema) })),
  )
  const form = element('form', {}, element('table', {}, ...rows), body ?? '', element('p', {}, element('button', { textContent: 'Try it' })), result)
  form.addEventListener('submit', async (event) => {
    event.preventDefault()
    let target = path
    const query = new URLSearchParams()
    for (const { p, input } of inputs) {
      if (p.in === 'path') target = target.replace(`{${p.name}}`, encodeURIComponent(input.value))
      else if (input.value !== '') query.append(p.name, input.value)
    }
    const address = query.size ? `${target}?${query}` : target
    result.hidden = false
    result.textContent = '…'
    try {
      const response = await fetch(root + address, { method: method.toUpperCase(), headers: { ...headers(), ...(body ? { 'Content-Type': 'application/json' } : {}) }, body: body?.value })
      const text = await response.text()
      let shown = text
      try { shown = JSON.stringify(JSON.parse(text), null, 2) } catch { /* not JSON: as it is */ }
      result.textContent = `${method.toUpperCase()} ${address}\n${response.status}\n\n${shown.slice(0, 100000)}`
    } catch (problem) {
      result.textContent = String(problem)
    }
  })
  return form
}

function draw(spec) {
  document.getElementById('about').textContent = `${spec.info.description} Version ${spec.info.version}.`
  const groups = new Map()
  for (const [path, methods] of Object.entries(spec.paths)) {
    for (const [method, operation] of Object.entries(methods)) {
      const tag = operation.tags?.[0] ?? 'other'
      const block = element('details', {},
        element('summary', {}, element('b', { textContent: method.toUpperCase() }), element('code', { textContent: path }), operation.summary ?? ''),
        element('p', { textContent: operation.description ?? '' }),
        tryForm(method, path, operation),
        fieldTable(spec, operation.responses?.['200']?.content?.['application/json']?.schema))
      groups.set(tag, [...(groups.get(tag) ?? []), block])
    }
  }
  document.getElementById('routes').replaceChildren(...[...groups].flatMap(([tag, blocks]) => [element('h2', { textContent: tag }), ...blocks]))
}

async function load() {
  const unlock = document.getElementById('unlock')
  try {
    const response = await fetch(`${root}/api-docs/openapi.json`, { headers: headers() })
    unlock.hidden = response.status !== 401
    document.getElementById('refused').hidden = unlock.hidden || !sessionStorage.getItem(tokenKey)
    if (response.ok) draw(await response.json())
  } catch (problem) {
    document.getElementById('routes').textContent = String(problem)
  }
}

document.getElementById('unlock').addEventListener('submit', (event) => {
  event.preventDefault()
  sessionStorage.setItem(tokenKey, document.getElementById('token').value)
  load()
})
load()
