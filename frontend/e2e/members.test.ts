/** Two people of one account: one invites, the other joins, works, and is taken out. */
import { describe, expect, test } from 'vitest'
import { violations } from './axe'
import { api, conversation, ended, openPage, service, submit, url, useBrowser } from './browser'

describe.skipIf(service === null)('members', () => {
  useBrowser()

  test('somebody is invited, joins, sees the threads, works, and is out when they are removed', async () => {
    const owner = await openPage()
    await owner.goto(url())
    await submit(owner, 'Please show everything')
    await ended(owner)
    const thread = owner.url()

    await owner.goto(url('/settings/members'))
    await owner.getByLabel('For whom').fill('bo@example.com')
    await owner.keyboard.press('Enter')
    const link = await owner.getByLabel('Copy the link now').inputValue()
    expect(link).toMatch(/\/join#fci_[\w-]{43}$/)
    await owner.getByRole('list', { name: 'Open invitations' }).getByText('bo@example.com').waitFor()
    expect(await violations(owner)).toEqual([])

    const guest = await openPage({}, false)
    await guest.goto(link)
    await guest.getByRole('heading', { name: 'Join “Personal”' }).waitFor()
    expect(await violations(guest)).toEqual([])
    // By keyboard alone.
    await guest.keyboard.press('Tab')
    await guest.keyboard.type('Bo')
    await guest.keyboard.press('Tab')
    await guest.keyboard.press('Enter')
    await guest.getByRole('button', { name: 'Bo', exact: true }).waitFor()
    expect(guest.url()).toBe(url('/'))
    await guest.goto(thread)
    await expect.poll(() => conversation(guest)).toContain('All is shown.')
    await guest.goto(url('/settings/members'))
    await guest.getByRole('list', { name: 'Members' }).getByText('Bo', { exact: true }).waitFor()
    expect(await guest.getByLabel('For whom').count()).toBe(0)

    // Of keys, a member is offered to end their own.
    await api('/keys', 'POST', { name: 'Of the owner' })
    await guest.goto(url('/settings/keys'))
    await guest.getByLabel('Name').fill('Of Bo')
    await guest.keyboard.press('Enter')
    await guest.getByRole('button', { name: 'Revoke Of Bo' }).waitFor()
    await guest.getByRole('list', { name: 'API keys' }).getByText('Of the owner').waitFor()
    expect(await guest.getByRole('button', { name: 'Revoke Of the owner' }).count()).toBe(0)
    await owner.goto(url('/settings/keys'))
    for (const name of ['Of Bo', 'Of the owner']) {
      await owner.getByRole('button', { name: `Revoke ${name}` }).click()
      await owner.keyboard.press('Enter')
      await owner.getByRole('button', { name: `Revoke ${name}` }).waitFor({ state: 'detached' })
    }
    await owner.goto(url('/settings/members'))

    await guest.goto(url())
    await submit(guest, 'Please show everything')
    await ended(guest)
    const theirs = guest.url()

    await owner.reload()
    const people = owner.getByRole('list', { name: 'Members' }).getByRole('listitem')
    const bo = people.filter({ has: owner.getByText('Bo', { exact: true }) })
    await bo.getByRole('button', { name: 'Role of Bo: Member' }).click()
    await owner.getByRole('menuitemcheckbox', { name: /Viewer/ }).click()
    await bo.getByRole('button', { name: 'Role of Bo: Viewer' }).waitFor()
    for (const [section, makes] of [
      ['agents', guest.getByRole('link', { name: 'New agent' })],
      ['keys', guest.getByRole('button', { name: 'Make a key' })],
      ['secrets', guest.getByRole('button', { name: 'Add a secret' })],
    ] as const) {
      await guest.goto(url(`/settings/${section}`))
      await guest.getByText('you can look, and change nothing here').waitFor()
      expect(await makes.count(), section).toBe(0)
      expect(await violations(guest), section).toEqual([])
    }
    await bo.getByRole('button', { name: 'Remove Bo' }).click()
    await owner.keyboard.press('Enter')
    await owner.getByText('Bo is out').waitFor()
    await bo.waitFor({ state: 'detached' })

    await guest.reload()
    await guest.getByRole('alert').getByText('This sign-in has ended').waitFor()
    await guest.goto(link)
    await guest.getByRole('heading', { name: 'This invitation was used already.' }).waitFor()
    await owner.goto(theirs)
    await expect.poll(() => conversation(owner)).toContain('All is shown.')
    expect([...owner.complaints, ...guest.complaints]).toEqual([])
  })

  test('an invitation is revoked; a link of nothing says so; both are readable in the dark and on a phone', async () => {
    const page = await openPage({ colorScheme: 'dark', viewport: { width: 390, height: 780 } })
    await page.goto(url('/settings/members'))
    await page.getByRole('radio', { name: 'Viewer' }).check({ force: true })
    await page.getByRole('button', { name: 'Invite' }).click()
    const link = await page.getByLabel('Copy the link now').inputValue()
    expect(await violations(page)).toEqual([])
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(390)
    await page.getByRole('button', { name: 'Revoke the invitation for Somebody' }).click()
    await page.getByRole('button', { name: 'Revoke', exact: true }).click()
    await page.getByRole('list', { name: 'Open invitations' }).waitFor({ state: 'detached' })
    expect(await page.content()).not.toContain(link)

    for (const [address, said] of [
      [link, 'This invitation was revoked.'],
      [url('/join#rubbish'), 'There is no such invitation.'],
      [url('/join'), 'There is no such invitation.'],
    ] as const) {
      const stranger = await openPage({ colorScheme: 'dark', viewport: { width: 390, height: 780 } }, false)
      await stranger.goto(address)
      await stranger.getByRole('heading', { name: said }).waitFor()
      expect(await violations(stranger)).toEqual([])
    }
    expect(page.complaints).toEqual([])
  })
})
