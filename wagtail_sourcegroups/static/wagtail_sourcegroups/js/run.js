/**
 * The page of a run: asks how it stands and draws that, for as long as there is something to see. Where no worker is
 * there it also has the work done, a moment's worth at a time.
 */

/** Milliseconds between two requests: at least, and at most when nobody answers. */
const AT_LEAST = 200;
const AT_MOST = 60_000;
/** Milliseconds between two sentences that a screen reader says. */
const SPOKEN = 10_000;
/** Answers after which nobody needs to ask again: signed out, or gone. */
const FINAL = [401, 403, 404];

class RunController extends window.StimulusModule.Controller {
    static targets = ['live', 'region', 'unanswered'];

    static values = {
        url: String,
        stepUrl: String,
        drives: Boolean,
        /** Milliseconds until the next look; none when it is over. */
        next: Number,
        unanswered: String,
    };

    connect() {
        this.failed = 0;
        this.answered = new Date();
        this.stepped = 0;
        this.spoken = 0;
        this.shown = new Map();
        this.look = () => !document.hidden && this.watch();
        document.addEventListener('visibilitychange', this.look);
        this.plan('watching', this.nextValue);
        this.plan('driving', AT_LEAST);
    }

    disconnect() {
        ['watching', 'driving', 'speaking'].forEach((name) => clearTimeout(this[name]));
        document.removeEventListener('visibilitychange', this.look);
    }

    /** The next look or the next step, if there is to be one. */
    plan(name, delay) {
        clearTimeout(this[name]);
        if (!this.nextValue || !this.element.isConnected) return;
        if (name === 'watching') this.watching = setTimeout(() => this.watch(), delay);
        else if (this.drivesValue) this.driving = setTimeout(() => this.drive(), delay);
    }

    /** Nobody watches a hidden page. */
    async watch() {
        clearTimeout(this.watching);
        if (this.asking || !this.nextValue || document.hidden) return;
        this.asking = true;
        const began = Date.now();
        try {
            const standing = await RunController.answer(this.urlValue);
            // What a step has said meanwhile is newer.
            if (began > this.stepped) this.draw(standing);
            this.plan('watching', Math.max(this.nextValue - (Date.now() - began), AT_LEAST));
        } catch (error) {
            this.miss('watching', error);
        } finally {
            this.asking = false;
        }
    }

    /** Hidden or not: somebody has opened the page for this. */
    async drive() {
        const began = Date.now();
        const token = document.querySelector('#sg-steer [name="csrfmiddlewaretoken"]').value;
        const body = new URLSearchParams({ csrfmiddlewaretoken: token });
        try {
            const standing = await RunController.answer(this.stepUrlValue, { method: 'POST', body });
            this.stepped = Date.now();
            this.draw(standing);
            this.plan('driving', Math.max(this.nextValue - (this.stepped - began), AT_LEAST));
        } catch (error) {
            this.miss('driving', error);
        }
    }

    static async answer(url, options = {}) {
        const response = await fetch(url, { ...options, headers: { 'X-Requested-With': 'XMLHttpRequest' } });
        if (!response.ok) throw Object.assign(new Error(response.statusText), { status: response.status });
        return response.json();
    }

    /** The last figures stay, and it is said how old they are; each time it takes twice as long to the next try. */
    miss(name, error) {
        this.failed += 1;
        const time = this.answered.toLocaleTimeString(document.documentElement.lang, { timeStyle: 'short' });
        const said = this.unansweredValue.replace('%(time)s', time);
        this.unansweredTarget.querySelector('span').textContent = said;
        this.unansweredTarget.hidden = false;
        this.say(said);
        if (FINAL.includes(error.status)) this.nextValue = 0;
        this.plan(name, Math.min(this.nextValue * 2 ** this.failed, AT_MOST));
    }

    draw(standing) {
        this.failed = 0;
        this.answered = new Date();
        this.unansweredTarget.hidden = true;
        const droveAlready = this.drivesValue;
        this.nextValue = standing.next || 0;
        this.drivesValue = standing.drives;
        if (standing.drives && !droveAlready) this.plan('driving', AT_LEAST);
        this.html = standing.html;
        this.fill();
        this.say(standing.sentence);
    }

    /** Regions that have changed. One that has the focus waits until it has lost it. */
    fill() {
        this.regionTargets.forEach((region) => {
            const html = this.html[region.dataset.region];
            if (this.shown.get(region) === html || region.contains(document.activeElement)) return;
            this.shown.set(region, html);
            region.innerHTML = html;
        });
    }

    /** The focus is about to go somewhere else. */
    release() {
        if (this.html) setTimeout(() => this.fill());
    }

    /** One short sentence, now and then. */
    say(sentence) {
        clearTimeout(this.speaking);
        if (sentence === this.liveTarget.textContent) return;
        const wait = this.spoken + SPOKEN - Date.now();
        if (wait > 0) {
            this.speaking = setTimeout(() => this.say(sentence), wait);
            return;
        }
        this.spoken = Date.now();
        this.liveTarget.textContent = sentence;
    }
}

window.wagtail.app.register('sg-run', RunController);
