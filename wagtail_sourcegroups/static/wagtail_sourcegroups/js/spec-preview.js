/**
 * What the filters of a spec make of a sample: drawn by the server once the page is there, when another sample is
 * chosen, and half a second after somebody has stopped typing.
 */

class SpecPreviewController extends window.StimulusModule.Controller {
    static targets = ['cards', 'sample', 'said', 'text'];

    static values = {
        chooser: String,
        delay: { default: 500, type: Number },
        failed: String,
        field: String,
        token: String,
        url: String,
    };

    connect() {
        this.asked = 0;
        this.chosen = '';
        this.field = this.fieldValue ? document.getElementById(this.fieldValue) : null;
        this.typed = () => this.wait();
        this.field?.addEventListener('input', this.typed);
        this.draw();
    }

    disconnect() {
        clearTimeout(this.timer);
        this.request?.abort();
        this.field?.removeEventListener('input', this.typed);
    }

    /** Somebody is typing: what was drawn is of other filters. */
    wait() {
        clearTimeout(this.timer);
        this.request?.abort();
        this.element.classList.add('sg-preview--waiting');
        this.timer = setTimeout(() => this.draw(), this.delayValue);
    }

    /** Choose another sample, in Wagtail's own chooser. */
    choose() {
        this.modal ??= new window.ImageChooserModal(this.chooserValue);
        this.modal.open(null, (image) => {
            this.chosen = image.id;
            this.draw();
        });
    }

    async draw() {
        clearTimeout(this.timer);
        this.request?.abort();
        const request = new AbortController();
        this.request = request;
        this.element.classList.add('sg-preview--waiting');
        this.element.setAttribute('aria-busy', 'true');
        const body = new FormData();
        body.append('csrfmiddlewaretoken', this.tokenValue);
        body.append('filters', (this.field ?? this.textTarget).value);
        body.append('sample', this.chosen);
        let parts = null;
        try {
            const response = await fetch(this.urlValue, {
                body,
                headers: { 'X-Requested-With': 'XMLHttpRequest' },
                method: 'POST',
                signal: request.signal,
            });
            if (response.ok && !response.redirected) {
                parts = new DOMParser().parseFromString(await response.text(), 'text/html');
            }
        } catch {
            // Offline, which is said below; or asked anew, which is looked at here.
        }
        if (request.signal.aborted) return;
        this.element.classList.remove('sg-preview--waiting');
        this.element.removeAttribute('aria-busy');
        if (parts === null) {
            this.saidTarget.textContent = this.failedValue;
            this.cardsTarget.replaceChildren();
            return;
        }
        for (const name of ['sample', 'said', 'cards']) {
            const part = parts.querySelector(`[data-part="${name}"]`);
            const target = this[`${name}Target`];
            // What is said already is not to be spoken again.
            if (name === 'said' && part.textContent.trim() === target.textContent.trim()) continue;
            target.replaceChildren(...part.childNodes);
        }
        this.complain(parts.querySelector('[data-part="mistake"]'));
    }

    /** What is wrong stands at the field, where Wagtail's own forms have it. */
    complain(mistake) {
        const wrapper = this.field?.closest('[data-field]');
        const errors = wrapper?.querySelector('[data-field-errors]');
        if (!errors) return;
        const wrong = mistake.childElementCount > 0;
        errors.replaceChildren(...mistake.childNodes);
        wrapper.classList.toggle('w-field--error', wrong);
        const described = (this.field.getAttribute('aria-describedby') ?? '').split(' ');
        const others = described.filter((id) => id && id !== errors.id);
        this.field.setAttribute('aria-describedby', [...others, ...(wrong ? [errors.id] : [])].join(' '));
        if (wrong) this.field.setAttribute('aria-invalid', 'true');
        else this.field.removeAttribute('aria-invalid');
    }
}

window.wagtail.app.register('sg-spec-preview', SpecPreviewController);
