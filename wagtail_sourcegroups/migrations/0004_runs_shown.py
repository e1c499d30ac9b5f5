import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
        ("wagtail_sourcegroups", "0003_admin"),
    ]

    operations = [
        migrations.AddField(
            model_name="generationrun",
            name="collections",
            field=models.JSONField(editable=False, null=True),
        ),
        migrations.AddField(
            model_name="generationrun",
            name="paused_by",
            field=models.ForeignKey(
                editable=False,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddIndex(
            model_name="renditionrecord",
            index=models.Index(fields=["made_at"], name="sourcegroups_record_made_at"),
        ),
    ]
