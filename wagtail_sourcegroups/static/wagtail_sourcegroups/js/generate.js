/** Choosing what to generate: the numbers beside the choices and on the button are those of what is ticked. */

class GenerateController extends window.StimulusModule.Controller {
    static targets = ['lacking', 'every', 'again', 'button'];

    /** Labels by what they are of and by kind of plural, with "%(count)s" where the number goes. */
    static values = { labels: Object };

    connect() {
        this.language = document.documentElement.lang;
        this.count();
    }

    count() {
        const ticked = [...this.element.querySelectorAll('[name=specs]:checked')];
        const lacking = GenerateController.sum(ticked, 'lacking');
        const every = GenerateController.sum(ticked, 'every');
        const again = this.againTarget.checked;
        this.lackingTarget.textContent = this.label('amount', lacking);
        this.everyTarget.textContent = this.label('amount', every);
        this.buttonTarget.textContent = this.label(again ? 'again' : 'missing', again ? every : lacking);
    }

    label(of, count) {
        const forms = this.labelsValue[of];
        if (!count && forms.nothing) return forms.nothing;
        const form = forms[new Intl.PluralRules(this.language).select(count)] || forms.other;
        return form.replace('%(count)s', new Intl.NumberFormat(this.language).format(count));
    }

    static sum(specs, name) {
        return specs.reduce((sum, spec) => sum + Number(spec.dataset[name]), 0);
    }
}

window.wagtail.app.register('sg-generate', GenerateController);
