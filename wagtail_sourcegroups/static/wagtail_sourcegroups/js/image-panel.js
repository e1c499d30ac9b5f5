/**
 * The panel beside an image: fetches its content when it is shown, has renditions made, and looks again while they
 * are waited for.
 */

/** Milliseconds until the first look again; each later one waits half as long again, up to LONGEST. */
const SOON = 2000;
const LONGEST = 15000;
/** Milliseconds after which nobody waits any longer: opening the panel again starts anew. */
const PATIENCE = 10 * 60 * 1000;

class ImagePanelController extends window.StimulusModule.Controller {
    static targets = ['content', 'drawn', 'failure', 'status'];

    static values = { url: String };

    connect() {
        this.asked = 0;
        this.panel = this.element.closest('[data-side-panel]');
        this.show = () => this.load();
        this.hide = () => clearTimeout(this.timer);
        // Wagtail's events on an element of Wagtail's; they do not bubble.
        this.panel.addEventListener('show', this.show);
        this.panel.addEventListener('hide', this.hide);
        if (!this.panel.hidden) this.load();
    }

    disconnect() {
        clearTimeout(this.timer);
        this.panel.removeEventListener('show', this.show);
        this.panel.removeEventListener('hide', this.hide);
    }

    /** Fetch the content, and begin to wait anew if there is something to wait for. */
    load() {
        this.since = Date.now();
        this.pause = SOON;
        return this.request(this.urlValue);
    }

    /** A form of the content was submitted: what it asks for is made, or begun, when the answer comes. */
    ask(event) {
        event.preventDefault();
        if (this.busy) return;
        const form = event.target;
        this.setBusy(event.submitter);
        this.since = Date.now();
        this.pause = SOON;
        this.request(form.action, { method: 'POST', body: new FormData(form, event.submitter) }, true);
    }

    async request(url, options = {}, say = false) {
        clearTimeout(this.timer);
        this.asked += 1;
        const asked = this.asked;
        let drawn = null;
        try {
            const response = await fetch(url, {
                ...options,
                headers: { 'X-Requested-With': 'XMLHttpRequest' },
            });
            if (response.ok && !response.redirected) drawn = await response.text();
        } catch {
            // Offline, which is said below.
        }
        // Somebody has asked for something newer meanwhile.
        if (asked !== this.asked) return;
        this.setBusy(null);
        this.failureTarget.hidden = drawn !== null;
        if (drawn !== null) this.draw(drawn, say);
    }

    /** The button that was pressed; not disabled while it works, which would take the focus away. */
    setBusy(button) {
        this.busy?.classList.remove('button-longrunning-active');
        this.busy?.removeAttribute('aria-disabled');
        this.busy = button;
        this.busy?.classList.add('button-longrunning-active');
        this.busy?.setAttribute('aria-disabled', 'true');
    }

    draw(html, say) {
        const waited = this.hasDrawnTarget && 'waits' in this.drawnTarget.dataset;
        const focused = document.activeElement;
        const hadFocus = this.contentTarget.contains(focused);
        this.contentTarget.innerHTML = html;
        const { failed, said, waits } = this.drawnTarget.dataset;
        if (hadFocus) {
            const again = focused.id && document.getElementById(focused.id);
            (again || this.drawnTarget.querySelector('[tabindex]')).focus();
        }
        this.count(Number(failed));
        if (say || waited) this.statusTarget.textContent = said;
        if (waits !== undefined && !this.panel.hidden && Date.now() - this.since < PATIENCE) {
            this.timer = setTimeout(() => this.look(), this.pause);
            this.pause = Math.min(this.pause * 1.5, LONGEST);
        }
    }

    /** Look again, once somebody sees it. */
    look() {
        if (document.hidden) {
            document.addEventListener('visibilitychange', () => this.look(), { once: true });
        } else {
            this.request(this.urlValue);
        }
    }

    /** The number on the button that opens the panel. */
    count(failed) {
        const toggle = document.querySelector(`[data-side-panel-toggle="${this.panel.dataset.sidePanel}"]`);
        const counter = toggle?.querySelector('[data-side-panel-toggle-counter]');
        if (!counter) return;
        counter.textContent = failed;
        counter.hidden = !failed;
    }
}

window.wagtail.app.register('sg-image-panel', ImagePanelController);
